/** The listener page: `/{space}`, before, during and after. What stands here is all that is loaded before sound. */
import '../design/base.css';
import './listen.css';
import { Shell } from '../ui/shell.ts';
import { Foyer } from './foyer.ts';
import { takeSeat } from './seat-link.ts';

const id = decodeURIComponent(location.pathname.split('/')[1] ?? '');
new Foyer(new Shell(), id, takeSeat(id));
