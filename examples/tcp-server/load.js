import autocannon from 'autocannon';

/** A client that loads a server over many connections and keeps an account of every request. */
export class Load {
  sent = 0;
  /** With a status of 2xx. */
  answered = 0;
  otherStatus = 0;
  /** Connections that broke, as far as autocannon calls it an error; one that just ends is none to it. */
  connectionErrors = 0;
  timeouts = 0;
  /** @type {Map<string, number>} the answers of each child */
  answersOf = new Map();
  #url;
  #onAnswer;

  /**
   * @param {string} url
   * @param {(name: string, count: number) => void} onAnswer is told how many answers this child has given so far
   */
  constructor(url, onAnswer) {
    this.#url = url;
    this.#onAnswer = onAnswer;
  }

  /** Requests of which none has an answer, and none will have. */
  get lost() {
    return this.sent - this.answered - this.otherStatus;
  }

  /**
   * Resolves when each connection has sent its share of the requests and has got the last answer.
   *
   * @param {{ requests: number, connections: number, requestsPerConnection: number }} options
   */
  async run({ requests, connections, requestsPerConnection }) {
    const result = await autocannon({
      url: this.#url,
      connections,
      amount: requests,
      reconnectRate: requestsPerConnection,
      timeout: 3,
      sampleInt: 50,
      // Its own count leaves out the last answer of each connection that is replaced.
      setupClient: (client) => void client.on('headers', (answer) => this.#count(answer)),
    });
    this.sent += result.requests.sent;
    this.connectionErrors += result.errors - result.timeouts;
    this.timeouts += result.timeouts;
  }

  /** @param {{ statusCode: number, headers: string[] }} answer with names and values in turn */
  #count({ statusCode, headers }) {
    if (statusCode < 200 || statusCode > 299) return void this.otherStatus++;
    this.answered++;
    const name = headers[headers.indexOf('x-served-by') + 1] ?? 'nobody';
    const count = (this.answersOf.get(name) ?? 0) + 1;
    this.answersOf.set(name, count);
    this.#onAnswer(name, count);
  }
}
