import { describe, expect, test } from 'vitest';
import { procxy, registerErrorClass, registerTransferHandler } from 'procxy';
import { Account, Bank, Money, QuotaError, StrangeBank, Wallet } from '../fixtures/money.js';

const module = '../fixtures/money.js';

for (const serialization of ['json', 'advanced'] as const) {
  describe(`classes of the user’s own, in ${serialization} mode`, () => {
    test('arrive as instances, as arguments and results', async () => {
      await using bank = await procxy(Bank, module, { serialization });
      const double = bank.double as unknown as (money: Money) => Promise<Money>;
      const money = await double(new Money(21));
      expect(money).toBeInstanceOf(Money);
      expect(money.cents).toBe(42);
    });

    test('anywhere in a value, and within each other', async () => {
      await using bank = await procxy(Bank, module, { serialization });
      const value = { list: [new Money(1)], wallet: new Wallet([new Money(2), new Money(3)]) };
      const arrived = (await bank.echo(value)) as typeof value;
      expect(arrived.list[0]).toBeInstanceOf(Money);
      expect(arrived.wallet).toBeInstanceOf(Wallet);
      expect(arrived.wallet.notes.map((note) => note.cents)).toEqual([2, 3]);
    });

    test('errors too, with their properties', async () => {
      await using bank = await procxy(Bank, module, { serialization });
      const refuse = bank.refuse as unknown as (limit: Money) => Promise<void>;
      const error = (await refuse(new Money(7)).catch((reason: unknown) => reason)) as QuotaError;
      expect(error).toBeInstanceOf(QuotaError);
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toBe('too much');
      expect(error.limit).toBeInstanceOf(Money);
      expect(error.stack).toContain('money.js');
    });

    test('as constructor arguments, in a child that knows them only once the module is loaded', async () => {
      await using account = await procxy(Account, module, { serialization }, new Money(9));
      expect(await account.cents()).toBe(9);
    });

    test('a handler that is not registered here is an error of that call only', async () => {
      await using bank = await procxy(StrangeBank, module, { serialization });
      await expect(bank.strange()).rejects.toThrow(
        /'stranger' wrote, but this process has no handler of that name.*Import the module/,
      );
      expect(await bank.ping()).toBe('pong');
    });
  });
}

test('a name is registered once', () => {
  const handler = { canHandle: () => false, encode: () => 1, decode: () => ({}) };
  expect(() => registerTransferHandler('money', handler)).toThrow(/'money' is registered already/);
  class Other extends Error {}
  Object.defineProperty(Other, 'name', { value: 'QuotaError' });
  expect(() => registerErrorClass(Other)).toThrow(/Another error class named 'QuotaError'/);
  expect(() => registerErrorClass(QuotaError)).not.toThrow();
});
