/** The rules of a space, pure: who may come in, what a space is called, which states follow which. */
export * from './pass.ts';
