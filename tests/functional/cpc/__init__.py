"""What the functional tests are written with: real daemons, their clients, and a peer that lies.

    instance.py         one cpcd: init, start, stop, kill, its store, its log
    world.py            several of them in one folder, and what must hold for each at the end
    standing.py     a world that stays up: scripts/world
    process.py      ending what an earlier program has started
    certificate.py  certificates for the client API
    client.py, stream.py    a person's client: GraphQL over HTTP, events over WebSocket
    case.py             the base of every test program
    encoding.py, peer_identity.py, peer_signature.py, peer_events.py, lying_peer.py
                        a peer instance that shares no code with cpcd, and signs what it likes
"""
