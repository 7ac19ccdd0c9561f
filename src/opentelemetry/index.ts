/**
 * Makes calls spans of OpenTelemetry, in the parent and in the child.
 *
 * @module procxy/opentelemetry
 */
import { instrumentation } from '../instrumentation.js';
import { recordMetrics } from './metrics.js';
import { spans } from './spans.js';

export { traceChildren } from './trace-children.js';

// Another copy of this package in the process may have installed its own: one is enough.
if (!instrumentation.current) {
  instrumentation.current = spans;
  recordMetrics();
}
