"""THE table of the tree: which folder may know which other folder, and which library.

Everything the checks know about the layers stands here. An arrow is added by editing this file, in
a commit that says why, and nowhere else.
"""

# folder -> (its namespace, folders it may include, libraries it may include).
# A file belongs to the longest folder that fits: daemon/graphql/ is not a part of daemon/ here.
LAYERS = {
    "core/base": ("cpc", [], ["outcome"]),
    "crypto": ("cpc::crypto", ["core/base"], ["sodium", "openssl primitives", "machine"]),
    "core": ("cpc::core", ["core/base", "crypto"], []),
    "store": ("cpc::store", ["core/base", "crypto", "core"], ["sqlite", "libpq", "machine"]),
    "routing": ("cpc::routing", ["core/base", "crypto", "core"], ["asio", "c-ares", "machine"]),
    "federation": (
        "cpc::federation", ["core/base", "crypto", "core", "routing"],
        ["asio", "asio over TLS", "beast", "json", "openssl primitives", "openssl", "machine"]),
    "daemon/graphql": ("cpc::graphql", ["core/base"], ["asio", "json", "machine"]),
    "daemon/admin_protocol": ("cpc::admin_protocol", ["core/base"], ["json"]),
    "daemon/api": (
        "cpc::api",
        ["core/base", "crypto", "core", "routing", "federation", "daemon/graphql"],
        ["asio", "json", "machine"]),
    "daemon": (
        "cpc::daemon",
        ["core/base", "crypto", "core", "store", "routing", "federation", "daemon/graphql",
         "daemon/admin_protocol", "daemon/api"],
        ["asio", "asio over TLS", "beast", "json", "openssl primitives", "openssl", "toml", "cli11",
         "machine"]),
    "cli": (
        # core for the one parser of instance names: `cpcctl init` refuses what cpcd would refuse.
        "cpc::cli", ["core/base", "crypto", "core", "daemon/admin_protocol"],
        ["asio", "beast", "json", "cli11", "machine"]),
}

# Tests may know every folder and every library; nobody may know the tests.
TESTS = "tests"

# The only folders that may wait: a decision never contains a wait.
MAY_WAIT = ["routing", "federation", "daemon", TESTS]

# The only folders that may ask the wall clock; everywhere else time is an argument.
MAY_ASK_THE_CLOCK = ["daemon", "cli", TESTS]

# library -> the beginnings of its headers; the longest beginning that fits decides.
LIBRARIES = {
    "outcome": ["boost/outcome/", "boost/outcome.hpp"],
    "sodium": ["sodium.h", "sodium/"],
    # What crypto/ needs where libsodium has no such primitive.
    "openssl primitives": [
        "openssl/core_names.h", "openssl/crypto.h", "openssl/err.h", "openssl/evp.h",
        "openssl/hmac.h", "openssl/kdf.h", "openssl/params.h", "openssl/rand.h", "openssl/sha.h"],
    "openssl": ["openssl/"],
    "sqlite": ["sqlite3.h"],
    "libpq": ["libpq-fe.h"],
    "c-ares": ["ares.h", "ares_"],
    "asio": ["boost/asio/", "boost/asio.hpp", "boost/system/"],
    "asio over TLS": [
        "boost/asio/ssl", "boost/beast/ssl", "boost/beast/websocket/ssl.hpp"],
    "beast": ["boost/beast/", "boost/beast.hpp"],
    "json": ["nlohmann/"],
    "toml": ["toml++/"],
    "cli11": ["CLI/"],
    "catch2": ["catch2/"],
}

# Standard headers that wait, read, write or draw lots: never in core/, where a decision is made
# from values alone. The POSIX headers below belong to the same "library".
MACHINE = set("""
    condition_variable coroutine experimental/coroutine filesystem fstream future iostream latch
    barrier mutex random semaphore shared_mutex stop_token syncstream thread
    csetjmp csignal cstdio setjmp.h signal.h stdio.h
""".split())

STANDARD = set("""
    algorithm any array atomic bit bitset charconv chrono codecvt compare complex concepts deque
    exception execution forward_list functional initializer_list iomanip ios iosfwd istream iterator
    limits list locale map memory memory_resource new numbers numeric optional ostream queue ranges
    ratio regex scoped_allocator set source_location span sstream stack stdexcept streambuf string
    string_view system_error tuple type_traits typeindex typeinfo unordered_map unordered_set
    utility valarray variant vector version
    cassert cctype cerrno cfenv cfloat cinttypes climits clocale cmath cstdarg cstddef cstdint
    cstdlib cstring ctime cuchar cwchar cwctype
    assert.h ctype.h errno.h fenv.h float.h inttypes.h limits.h locale.h math.h stdarg.h stddef.h
    stdint.h stdlib.h string.h time.h uchar.h wchar.h wctype.h
""".split())

POSIX = set("""
    arpa/inet.h arpa/nameser.h dirent.h fcntl.h grp.h ifaddrs.h net/if.h netdb.h netinet/in.h
    netinet/ip.h netinet/tcp.h poll.h pthread.h pwd.h sched.h spawn.h sys/epoll.h sys/eventfd.h
    sys/file.h sys/inotify.h sys/ioctl.h sys/mman.h sys/prctl.h sys/random.h sys/resource.h
    sys/select.h sys/sendfile.h sys/signalfd.h sys/socket.h sys/stat.h sys/statvfs.h sys/syscall.h
    sys/time.h sys/timerfd.h sys/types.h sys/uio.h sys/un.h sys/utsname.h sys/wait.h sysexits.h
    syslog.h termios.h unistd.h
""".split())


def folder_of(path, folders):
    """The longest of `folders` that `path` lies in, or None."""
    fits = [folder for folder in folders if path.startswith(folder + "/")]
    return max(fits, key=len, default=None)


def library_of(header):
    """The library, "standard", "machine", or None for a header nobody has vouched for."""
    if header in STANDARD:
        return "standard"
    if header in MACHINE or header in POSIX:
        return "machine"
    fits = [(len(beginning), name) for name, beginnings in LIBRARIES.items()
            for beginning in beginnings if header.startswith(beginning)]
    return max(fits)[1] if fits else None
