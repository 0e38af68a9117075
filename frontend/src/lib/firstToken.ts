/** Owns the question whether a new account needs the operator's token: the first account of a server becomes its admin. */
import { useClient } from "@palaver/sdk/react";
import { useEffect, useState } from "react";

/** Returns whether the form asks for the token; false until the server has said so. */
export function useNeedsFirstToken(asks: boolean): boolean {
  const client = useClient();
  const [needs, setNeeds] = useState(false);
  useEffect(() => {
    if (!asks) return;
    let current = true;
    client
      .setup()
      .then((setup) => current && setNeeds(setup.needs_first_token))
      // The registration itself says what is wrong.
      .catch(() => undefined);
    return () => {
      current = false;
    };
  }, [client, asks]);
  return needs;
}
