/** A host of its own for the benchmark. Its options are in the first argument, as JSON. */
import { serve } from 'procxy/remote';

const module = new URL('remote-echo.js', import.meta.url);
const host = await serve({ ...JSON.parse(process.argv[2] ?? ''), classes: { Echo: { module } } });
process.once('message', () => void host.close().then(() => process.disconnect()));
process.send?.(host.id);
