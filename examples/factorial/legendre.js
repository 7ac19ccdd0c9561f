/**
 * The factorial of `n`, made of its prime factors: by Legendre's formula, a prime occurs in it n/p + n/p² + n/p³ + … times,
 * each quotient rounded down.
 *
 * @param {number} n
 */
export function factorialOfPrimes(n) {
  return product(primesUpTo(n).map((prime) => BigInt(prime) ** BigInt(exponent(n, prime))));
}

/** @param {number} n @param {number} prime @returns {number} */
function exponent(n, prime) {
  const quotient = Math.floor(n / prime);
  return quotient === 0 ? 0 : quotient + exponent(quotient, prime);
}

/** @param {number} n */
function primesUpTo(n) {
  const composite = new Uint8Array(n + 1);
  const primes = [];
  for (let candidate = 2; candidate <= n; candidate++) {
    if (composite[candidate]) continue;
    primes.push(candidate);
    for (let multiple = candidate ** 2; multiple <= n; multiple += candidate) composite[multiple] = 1;
  }
  return primes;
}

/**
 * Multiplies numbers of like size, which is a good deal faster than one after the other.
 *
 * @param {bigint[]} factors
 * @returns {bigint}
 */
function product(factors) {
  if (factors.length < 2) return factors[0] ?? 1n;
  const half = factors.length / 2;
  return product(factors.slice(0, half)) * product(factors.slice(half));
}
