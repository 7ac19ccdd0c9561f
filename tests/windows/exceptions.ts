/** Files of tests that are not run on Windows under Wine, and the reasons. A name that ends with a slash is a folder. */
export const withoutFiles: Readonly<Record<string, string>> = {};

/** Tests that are not run on Windows, as parts of regular expressions for their names, and the reasons, by file. */
export const withoutTests: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
