/** The worker's own script. */

import { serve } from "./serve.ts";

serve(self as unknown as Parameters<typeof serve>[0]);
