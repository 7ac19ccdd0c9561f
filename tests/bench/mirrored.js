/** Classes with the public fields that `mirror.ts` measures. */
export class Plain {
  echo(value) {
    return value;
  }
}

export class BackReference extends Plain {
  constructor() {
    super();
    this.part = { owner: this, name: 'a part that knows its owner' };
  }
}

export class Timer extends Plain {
  timer = setInterval(() => {}, 60_000).unref();
}

/** Objects of `size` bytes in all. */
const dataOf = (size) =>
  Array.from({ length: Math.floor(size / 64) }, (_, id) => ({
    id,
    name: 'an item of the list',
    score: 0.5,
    tags: ['x'],
  }));

export class OneKilobyte extends Plain {
  data = dataOf(1024);
}

export class TwelveKilobytes extends Plain {
  data = dataOf(12 * 1024);
}

export class SixteenKilobytes extends Plain {
  data = dataOf(16 * 1024);
}

export class Counting extends Plain {
  calls = 0;

  echo(value) {
    this.calls++;
    return value;
  }
}
