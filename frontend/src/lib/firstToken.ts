/** Owns the question whether a new account needs the operator's token: the first account of a server becomes its admin. */
import { useClient } from "@palaver/sdk/react";
import { useEffect, useState } from "react";

/**
 * Returns whether the form asks for the token; false until the server has said so. Asks the server again after each refusal, which
 * may be about the token.
 */
export function useNeedsFirstToken(refused: unknown): boolean {
  const client = useClient();
  const [needs, setNeeds] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a refusal is a reason to ask again
  useEffect(() => {
    let current = true;
    client
      .setup()
      .then((setup) => current && setNeeds(setup.needs_first_token))
      // The registration itself says what is wrong.
      .catch(() => undefined);
    return () => {
      current = false;
    };
  }, [client, refused]);
  return needs;
}
