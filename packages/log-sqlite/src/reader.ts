throw new Error('not yet');
export function openAttackReader() {}
