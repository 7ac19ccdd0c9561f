/** Sends back what comes, as a method. */
export class Echo {
  echo(value) {
    return value;
  }
}
