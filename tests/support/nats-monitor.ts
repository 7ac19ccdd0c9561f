/** One connection to a server of NATS, as its monitoring port reports it. */
export interface NatsConnection {
  cid: number;
  pending_bytes: number;
  subscriptions_list?: string[];
}

/** @param port the monitoring port of a server */
export async function natsConnections(port: number): Promise<NatsConnection[]> {
  const response = await fetch(`http://127.0.0.1:${port}/connz?subs=1`);
  const { connections } = (await response.json()) as { connections: NatsConnection[] };
  return connections;
}
