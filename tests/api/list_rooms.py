"""Lists the caller's rooms with the client that openapi-python-client has generated."""

import sys

from palaver_client import AuthenticatedClient
from palaver_client.api.rooms import list_rooms
from palaver_client.models import RoomPage

base, token = sys.argv[1:]
with AuthenticatedClient(base_url=base, token=token) as client:
    page = list_rooms.sync(client=client, limit=10)
if not isinstance(page, RoomPage):
    sys.exit(f"not a page of rooms: {page}")
for room in page.items:
    print(room.slug)
