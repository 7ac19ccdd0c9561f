/** For procxy-host: what a host of the cluster runs, and how it reaches NATS. It takes its secrets from its environment. */
const { HOST_NAME = 'host', HOST_PASSWORD, NATS_AUTHORITY } = process.env;

/** @type {import('procxy/remote').ServeOptions} */
export default {
  namespace: 'shop',
  labels: { name: HOST_NAME },
  limits: { instances: 8, perClient: 8 },
  nats: { user: 'host', pass: HOST_PASSWORD, tls: { caFile: NATS_AUTHORITY } },
  // The processes get this environment, and nothing of the host's own.
  classes: { Blurrer: { module: './blurrer.js', version: '1.0.0', options: { env: { HOST_NAME } } } },
};
