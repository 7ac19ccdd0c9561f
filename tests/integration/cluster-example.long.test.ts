import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { programOf } from '../support/examples.js';
import { hasNats } from '../support/nats.js';

const fileOf = (name: string): string => fileURLToPath(new URL(`../../examples/cluster/${name}`, import.meta.url));
const read = (name: string): string => readFileSync(fileOf(name), 'utf8');

describe.runIf(hasNats)('the program', () => {
  test('loses no picture when a host is killed, and drains both hosts', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [programOf('cluster'), '60']);
    const figures = new Map([...stdout.matchAll(/^(.+?) {2,}(.+)$/gm)].map(([, label, figure]) => [label, figure]));
    const figure = (label: string): number => Number(figures.get(label));
    expect(stderr).toBe('');
    expect(figures.get('hosts, before and after')).toBe('2 2');
    expect(figure('pictures blurred')).toBe(60);
    expect(figure('by the host north') + figure('by the host south')).toBe(60);
    expect(figure('by the host north')).toBeGreaterThan(figure('by the host south'));
    expect(figure('when south was killed')).toBeGreaterThanOrEqual(20);
    expect(figure('instances that moved')).toBeGreaterThanOrEqual(1);
    expect(figure('pictures lost')).toBe(0);
    expect(figure('calls left over')).toBe(0);
    expect(figures.get('exit codes of the drained hosts')).toBe('0 0');
  }, 180_000);

  test.each(['nats.conf', 'nats-certificates.conf'])('its server accepts %s', async (name) => {
    const passwords = { HOST_PASSWORD: 'a', WEB_PASSWORD: 'b', OPERATOR_PASSWORD: 'c' };
    // These are read only when the server starts. The tests of TLS do that.
    const files = { NATS_CERTIFICATE: '', NATS_KEY: '', NATS_AUTHORITY: '' };
    const env = { ...process.env, ...passwords, ...files };
    const { status, stderr } = spawnSync('nats-server', ['-t', '-c', fileOf(name)], { env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.stringContaining('is valid')]);
  });
});

/** The value of an option of `procxy-host`, as a file for a deployment has it. */
function optionOf(option: string, text: string): number {
  return Number(new RegExp(`${option}[", ]+(\\d+)`).exec(text)?.[1]);
}

interface Probe {
  httpGet: { path: string; port: string };
}

interface Deployment {
  spec: {
    strategy: { rollingUpdate: { maxUnavailable: number } };
    template: {
      spec: {
        terminationGracePeriodSeconds: number;
        securityContext: { runAsNonRoot: boolean; runAsUser: number };
        containers: (Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', Probe> & {
          ports: { name: string; containerPort: number }[];
          lifecycle: { preStop: { exec: { command: string[] } } };
        })[];
      };
    };
  };
}

describe('a deployment', () => {
  const docker = read('Dockerfile');
  /** s in which the last instances dispose, after `--drain`: twice the default of `terminateTimeout`. */
  const DISPOSE = 10;

  test('on Kubernetes probes what procxy-host serves, and gives a host the time to drain', () => {
    const { strategy, template } = (parse(read('kubernetes.yaml')) as Deployment).spec;
    const { terminationGracePeriodSeconds: grace, containers } = template.spec;
    const [container] = containers;
    if (!container) throw new Error('There is no container.');
    expect(container.ports).toEqual([{ name: 'health', containerPort: optionOf('--health', docker) }]);
    const { startupProbe, livenessProbe, readinessProbe } = container;
    expect([startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet)).toEqual([
      { path: '/live', port: 'health' },
      { path: '/live', port: 'health' },
      { path: '/ready', port: 'health' },
    ]);
    const [sleep, seconds] = container.lifecycle.preStop.exec.command;
    expect(sleep).toBe('sleep');
    expect(grace).toBeGreaterThan(Number(seconds) + optionOf('--drain', docker) + DISPOSE);
    expect(strategy.rollingUpdate.maxUnavailable).toBe(0);
  });

  test('in a container runs as a user that is not root, with a process 1 that passes SIGTERM on', () => {
    const { securityContext } = (parse(read('kubernetes.yaml')) as Deployment).spec.template.spec;
    expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(docker).toMatch(/^USER 1000$/m);
    expect(docker).toMatch(/^STOPSIGNAL SIGTERM$/m);
    const command = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(docker)?.[1] ?? '[]') as string[];
    expect(command.slice(0, 5)).toEqual([
      'tini',
      '--',
      'node',
      'node_modules/procxy/dist/procxy-host.js',
      'host.config.js',
    ]);
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).error === undefined;
  if (!hasSystemd && process.env['CI'])
    throw new Error('The unit is checked by systemd-analyze: apt-get install systemd');

  test.runIf(hasSystemd)('with systemd has a unit that is valid, and gives a host the time to drain', () => {
    const unit = read('procxy-host.service');
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', fileOf('procxy-host.service')], {
      encoding: 'utf8',
    });
    // Its programs are where a machine has them that runs it.
    expect(stderr.replaceAll(/^.*Command \S+ is not executable.*\n/gm, '')).toBe('');
    if (stderr === '') expect(status).toBe(0);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(optionOf('--drain', unit) + DISPOSE);
  });
});
