import type { SourceContext } from '@ihandler/core';
import type { Settings } from '../options.ts';
import type { Text } from '../text/open-text.ts';
export async function readDatabase(_t: Text, _s: Settings, _c: SourceContext): Promise<void> {}
