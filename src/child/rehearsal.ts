/** What a child that is started ahead loads, so that all that comes with a class has run once. */
export class Rehearsal {
  calls = 0;

  count(): number {
    return ++this.calls;
  }
}
