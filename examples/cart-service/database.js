import { DatabaseSync } from 'node:sqlite';

/** Opens the file, also while other processes have it open. @param {string} file */
export function openDatabase(file) {
  const database = new DatabaseSync(file);
  // Readers do not wait for a writer, and a writer waits for another one.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 10000;');
  database.exec('CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, customer TEXT, name TEXT) STRICT');
  database.exec('CREATE INDEX IF NOT EXISTS of_customer ON items (customer)');
  return database;
}
