import { expect, test } from 'vitest';
import { LookBudget } from '../../src/child/look-budget.js';

test('everything that was saved can be spent at once, and no more', () => {
  const budget = new LookBudget(0);
  for (let spent = 0; spent < 5; spent++) {
    expect(budget.allows(1)).toBe(true);
    budget.spend(1);
  }
  expect(budget.allows(1)).toBe(false);
});

test('a twentieth of the time that passes is earned', () => {
  const budget = new LookBudget(1000);
  budget.spend(5);
  budget.earn(1019);
  expect(budget.allows(1)).toBe(false);
  budget.earn(1021);
  expect(budget.allows(1)).toBe(true);
});

test('a long pause earns no more than a short burst may spend', () => {
  const budget = new LookBudget(0);
  budget.earn(1e9);
  budget.spend(5);
  expect(budget.allows(0.1)).toBe(false);
});

test('a look that costs more than can be saved is allowed when the budget is full', () => {
  const budget = new LookBudget(0);
  expect(budget.allows(50)).toBe(true);
  budget.spend(50);
  budget.earn(800);
  expect(budget.allows(50)).toBe(false);
  budget.earn(1000);
  expect(budget.allows(50)).toBe(true);
});
