import { workerData } from 'node:worker_threads';
import { newMessagePortRpcSession, RpcTarget } from 'capnweb';

class Target extends RpcTarget {
  echo(value) {
    return value;
  }

  async ask(count, callback) {
    for (let n = 1; n <= count; n++) await callback(n);
  }
}

newMessagePortRpcSession(workerData, new Target());
