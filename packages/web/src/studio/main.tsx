/** The studio: `/studio/{space}` for the owner, `/invite#token` for a guest. */
import '../design/base.css';
import '../design/forms.css';
import './studio.css';
import { mount } from '../ui/mount.tsx';
import { StudioPage } from './page.tsx';

mount(<StudioPage />);
