/** The listener page: `/{space}`, before, during and after. */
import '../design/base.css';
import './listen.css';
import { mount } from '../ui/shell.tsx';
import { ListenPage } from './page.tsx';

mount(<ListenPage id={decodeURIComponent(location.pathname.split('/')[1] ?? '')} />);
