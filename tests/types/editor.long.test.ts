import { checkEditor } from './check-editor.js';
import { serverEditor, serviceEditor } from './editors.js';

checkEditor('typescript-6', serviceEditor);
checkEditor('typescript-7', serverEditor);
