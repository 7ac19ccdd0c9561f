/** The class that a spare child loads, so that all code for loading a class has run once. */
export class Rehearsal {
  calls = 0;

  count(): number {
    return ++this.calls;
  }
}
