/** The home page: `/`, and `/owner#token=…`, which signs the owner in and then is `/`. */
import '../design/base.css';
import '../design/forms.css';
import './home.css';
import { mount } from '../ui/mount.tsx';
import { HomePage } from './page.tsx';

mount(<HomePage />);
