import workerpool from 'workerpool';

workerpool.worker({
  echo: (value) => value,
  fire(count) {
    for (let n = 1; n <= count; n++) workerpool.workerEmit(n);
  },
});
