/** The members that every reference has. */
export interface ReferenceControls extends AsyncDisposable, Disposable {
  $get(name: string): Promise<unknown>;
  /**
   * Releases the object before the garbage collector does. Calling its methods then throws a {@link TerminatedError}. `using` does
   * the same. Returns whether the object was still held.
   */
  $release(): boolean;
}
