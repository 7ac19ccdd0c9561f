/** Flags with which a strict project of a user is compiled. */
export const usersFlags = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--types', 'node'];
