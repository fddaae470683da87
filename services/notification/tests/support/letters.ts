/** Reads all dead letters with the system's own tool, and sends them back when told to "replay": a Python program. */
export const LETTERS = `
import asyncio, dataclasses, json, sys
from services.chassis import deadletters
from services.chassis.bus import Bus

async def main():
    bus = Bus(sys.argv[1], "test")
    await bus.start()
    await bus.ready()
    letters = [each async for each in deadletters.every(bus)]
    for letter in letters if sys.argv[2] == "replay" else []:
        await deadletters.replay(bus, letter)
    print(json.dumps([dataclasses.asdict(letter) | {"body": ""} for letter in letters]))
    await bus.close()

asyncio.run(main())
`;
