export class A<T> { private x = () => 1; }
export const f = (a: string) => `${a}`;
interface I { a(): void }
