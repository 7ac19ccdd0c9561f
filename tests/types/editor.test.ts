import { checkEditor } from './check-editor.js';
import { serviceEditor } from './editors.js';

checkEditor('typescript', serviceEditor);
