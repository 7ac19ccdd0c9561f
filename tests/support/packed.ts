import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** Only to end a program that hangs, not to measure speed. */
const LONGEST_RUN = 240_000;

export interface Outcome {
  stdout: string;
  stderr: string;
  /** `null` if a signal ended it. */
  code: number | null;
}

export interface InstalledPackage {
  /** An app's folder outside the repository, with the package in its `node_modules`. */
  readonly folder: string;
  /** The path of the tarball, for other package managers. */
  readonly tarball: string;
  /** The contents of the tarball, as paths in the package. */
  readonly files: readonly string[];
  /** Writes files of the app, by their paths inside its folder. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** A new empty folder that has no `node_modules` in or above it. */
  elsewhere(): Promise<string>;
  remove(): Promise<void>;
}

/** Packs what was built, and installs it as a user would, together with `others` from npm. */
export async function installPackage(...others: string[]): Promise<InstalledPackage> {
  if (!existsSync(join(root, 'dist', 'index.js'))) throw new Error('There is no dist folder: npm run build makes it.');
  const temporary = await mkdtemp(join(tmpdir(), 'procxy-package-'));
  const remove = (): Promise<void> => rm(temporary, { recursive: true, force: true });
  try {
    await npm(['pack', '--ignore-scripts', '--pack-destination', temporary], root);
    const tarball = join(temporary, (await readdir(temporary))[0] ?? '');
    const listing = await run('tar', ['-tzf', tarball], { cwd: temporary });

    // A user's folder may have any name. These characters have a special meaning in a URL.
    const folder = join(temporary, "a user's app #1 %41");
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{ "name": "app", "private": true, "type": "module" }');
    await npm(['install', '--prefer-offline', tarball, ...others], folder);
    return {
      folder,
      tarball,
      files: listing.stdout.trim().split('\n').map(insidePackage),
      write: (files) => writeAll(folder, files),
      elsewhere: () => mkdtemp(join(temporary, 'elsewhere-')),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Makes a folder outside the repository with an app, and with the built package in its `node_modules`.
 * @param packages packages of the repository's `node_modules` that the app can load too
 */
export async function makeApp(
  files: Readonly<Record<string, string>>,
  packages: readonly string[] = [],
): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'procxy-app-')));
  const modules = join(folder, 'node_modules');
  for (const part of ['package.json', 'dist']) {
    await cp(join(root, part), join(modules, 'procxy', part), { recursive: true });
  }
  for (const name of packages) await addPackage(name, modules);
  await writeAll(folder, files);
  return folder;
}

/** Links a package of the repository. On Windows, where a link needs a right, it is copied with those that it depends on. */
async function addPackage(name: string, modules: string): Promise<void> {
  const [from, to] = [join(root, 'node_modules', name), join(modules, name)];
  if (existsSync(to)) return;
  await mkdir(dirname(to), { recursive: true });
  if (process.platform !== 'win32') return symlink(from, to);
  await cp(from, to, { recursive: true });
  const text = await readFile(join(from, 'package.json'), 'utf8');
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
  for (const each of Object.keys(dependencies)) await addPackage(each, modules);
}

/** Runs a program to its end, in the environment of a user's shell. A program that fails does not throw. */
export function run(command: string, args: readonly string[], { cwd }: { cwd: string }): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const settings = { cwd, env: userEnv(), timeout: LONGEST_RUN, killSignal: 'SIGKILL', maxBuffer: 1e8 } as const;
    const child = execFile(command, args, settings, (error, stdout, stderr) => {
      if (error && child.pid === undefined) reject(error);
      else resolve({ stdout, stderr, code: child.exitCode });
    });
  });
}

export async function npm(args: string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await run('npm', args, { cwd });
  if (code !== 0) throw new Error(`npm ${args.join(' ')} failed in ${cwd}:\n${stdout}${stderr}`);
}

async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/** Every path in an npm tarball starts with `package/`. */
function insidePackage(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

/** Without the variables of vitest and npm, which change where npm installs, what Node loads and how it prints. */
function userEnv(): NodeJS.ProcessEnv {
  const added =
    /^(VITEST|NODE_(ENV|OPTIONS|PATH)$|(FORCE|NO)_COLOR$|TEST$|INIT_CWD$|npm_(package|lifecycle)_|npm_config_local)/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !added.test(name)));
  const { PROCXY_TEST_CERTIFICATES: certificates } = env;
  return certificates === undefined ? env : { ...env, NODE_EXTRA_CA_CERTS: certificates };
}
