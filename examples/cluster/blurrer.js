import { ImageWorker } from '../image-service/image-worker.js';

/** An image worker that says which host it runs on: the host gives its processes the name in their environment. */
export class Blurrer extends ImageWorker {
  host() {
    return process.env.HOST_NAME ?? 'unknown';
  }
}
