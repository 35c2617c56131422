"""The client for asyncio."""

import asyncio

import pytest

import regesta
from sdk import bind, greeting, make, point


def test_prompts_quality_and_gates(server):
    greeting(server)
    make(server, "jinja", template="{{ name|upper }}", template_format="jinja2")
    bind(server, 'package regesta.gate\n\ndeny contains {"code": "no", "msg": "never"} if input.candidate.version == 2\n', "staging")

    async def story():
        async with regesta.AsyncClient(server.url, timeout=60, fresh_for=3600, refresh_within=3600) as client:
            assert await client.wait_until_following()
            found = await asyncio.gather(*(client.prompt("greeting", key=str(i % 5)) for i in range(50)))
            assert {prompt.version for prompt in found} == {1}
            assert await client.render(found[0], name="Ada") == "Hello Ada, 1!"
            assert await client.render(await client.prompt("jinja", "1"), {"name": "ada"}) == "ADA"
            assert await client.render_messages(found[0], name="A") == [{"role": "user", "content": "Hello A, 1!"}]
            point(server, 2)
            while (await client.prompt("greeting", key="0")).version != 2:
                await asyncio.sleep(0.002)
            client.score(found[0], "m", 1)
            assert await client.flush()
            await client.report(found[0], "m", 0)
            assert (await client.quality("greeting"))[0]["count"] == 2
            with pytest.raises(regesta.GateRefused):
                await client.promote("prompt/greeting@2", to="staging")
            assert not (await client.check("prompt/greeting@2", to="staging")).passes
            with pytest.raises(regesta.NotFound):
                await client.prompt("none")
        await client.close()

    asyncio.run(asyncio.wait_for(story(), 60))


def test_the_event_loop_is_free_while_the_server_does_not_answer():
    async def story():
        silent = await asyncio.start_server(lambda reader, writer: asyncio.sleep(60), "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        client = regesta.AsyncClient(f"http://127.0.0.1:{port}", timeout=0.5, follow=False)
        waiting = asyncio.create_task(client.prompt("greeting"))
        ticks = 0
        while not waiting.done():
            await asyncio.sleep(0.01)
            ticks += 1
        with pytest.raises(regesta.Unavailable):
            await waiting
        assert ticks > 5
        await client.close()
        silent.close()

    asyncio.run(story())
