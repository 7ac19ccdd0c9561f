import { execFileSync } from 'node:child_process';

/**
 * The children of a process, without the program that finds them. This file is JavaScript, so that programs in tests use it too.
 * @param {number} [parent]
 * @returns {{ pid: number, command: string }[]}
 */
export function childrenOf(parent = process.pid) {
  const lines = process.platform === 'win32' ? wmic() : ps();
  return lines
    .map((line) => /^\s*(\S.*?)\s+(\d+)\s+(\d+)\s*$/.exec(line))
    .filter((match) => Number(match?.[2]) === parent && !/^(ps$|wmic|start|conhost)/i.test(match?.[1] ?? ''))
    .map((match) => ({ pid: Number(match?.[3]), command: match?.[1] ?? '' }));
}

function ps() {
  return execFileSync('ps', ['-A', '-o', 'comm=,ppid=,pid='], { encoding: 'utf8' }).split('\n');
}

/**
 * Under Wine, `wmic` sometimes does not end.
 * @returns {string[]}
 */
function wmic(attempts = 5) {
  const args = ['process', 'get', 'Name,ParentProcessId,ProcessId'];
  try {
    return execFileSync('wmic', args, { encoding: 'utf16le', timeout: 20_000 }).split('\n');
  } catch (error) {
    if (attempts === 1) throw error;
    return wmic(attempts - 1);
  }
}
