/** What one test gave on Windows. */
export interface TestResult {
  name: string;
  /** `'pass'`, `'fail'`, or `'skip'` if it was left out. */
  state: string;
  ms: number;
  errors?: string[] | undefined;
}

/** What `run-file.ts` writes. */
export interface FileReport {
  results: TestResult[];
  /** Errors outside of tests. */
  failures: string[];
  /** Whether it has reached its end. */
  done: boolean;
}
