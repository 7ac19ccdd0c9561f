import workerpool from 'workerpool';
import echo from './pool-child.js';

workerpool.worker({ echo });
