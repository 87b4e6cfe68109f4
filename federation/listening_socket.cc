#include "federation/listening_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace cpc::federation {
namespace {

namespace ip = boost::asio::ip;

Error refused_by_system(const std::string& what, int number) {
  ErrorCode code = ErrorCode::unavailable;
  if (number == EADDRINUSE || number == EEXIST) code = ErrorCode::conflict;
  if (number == EACCES || number == EPERM || number == EROFS) code = ErrorCode::denied;
  if (number == EADDRNOTAVAIL || number == EAFNOSUPPORT) code = ErrorCode::invalid;
  return fail(code, what + ": " + std::generic_category().message(number));
}

int new_socket(int family) {
  return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

template <class Address>
const sockaddr* as_sockaddr(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

/// Makes room for our socket file: that of a process that died is removed.
Result<> clear_path(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return success();
    return refused_by_system(path, errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(ErrorCode::conflict, path + " exists and is not a socket");
  }
  const int probe = new_socket(AF_UNIX);
  if (probe < 0) return refused_by_system("no socket", errno);
  const sockaddr_un address = unix_address(path);
  const bool is_live = ::connect(probe, as_sockaddr(address), sizeof address) == 0 ||
                       errno != ECONNREFUSED;  // A full queue is a sign of life too.
  ::close(probe);
  if (is_live) return fail(ErrorCode::conflict, "a live server listens on " + path);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return refused_by_system(path, errno);
  return success();
}

}  // namespace

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      family_(other.family_),
      file_(std::exchange(other.file_, {})),
      device_(other.device_),
      inode_(other.inode_) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(family_, other.family_);
  std::swap(file_, other.file_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
  remove_file();
}

Result<ListeningSocket> ListeningSocket::open(const TcpListener& listener) {
  boost::system::error_code failure;
  const ip::address address = ip::make_address(listener.address, failure);
  if (failure) return fail(ErrorCode::invalid, "not an IP address to listen on");
  const int family = address.is_v6() ? AF_INET6 : AF_INET;
  ListeningSocket made{new_socket(family), family};
  const int socket = made.descriptor_;
  if (socket < 0) return refused_by_system("no socket", errno);
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.is_v6()) ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  sockaddr_in6 six{};
  sockaddr_in four{};
  if (address.is_v6()) {
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(listener.port);
    const auto octets = address.to_v6().to_bytes();
    std::memcpy(&six.sin6_addr, octets.data(), octets.size());
  } else {
    four.sin_family = AF_INET;
    four.sin_port = htons(listener.port);
    four.sin_addr.s_addr = htonl(address.to_v4().to_uint());
  }
  const int bound = address.is_v6() ? ::bind(socket, as_sockaddr(six), sizeof six)
                                    : ::bind(socket, as_sockaddr(four), sizeof four);
  if (bound != 0 || ::listen(socket, SOMAXCONN) != 0) {
    return refused_by_system(
        "cannot listen on " + listener.address + " port " + std::to_string(listener.port), errno);
  }
  return made;
}

Result<ListeningSocket> ListeningSocket::open(const UnixListener& listener) {
  const std::string path = listener.path.string();
  if (path.empty() || path.size() >= sizeof sockaddr_un{}.sun_path) {
    return fail(ErrorCode::invalid, "a socket's path is empty or too long for the system");
  }
  if (listener.mode != 0600 && listener.mode != 0660) {
    return fail(ErrorCode::invalid, "a socket's mode is 0600 or 0660");
  }
  CPC_TRY(clear_path(path));
  ListeningSocket made{new_socket(AF_UNIX), AF_UNIX};
  const int socket = made.descriptor_;
  if (socket < 0) return refused_by_system("no socket", errno);
  const sockaddr_un address = unix_address(path);
  // Linux makes the file with the mode of the socket less the umask, so it never is wider than
  // this; chmod then gives back what the umask took.
  if (::fchmod(socket, listener.mode) != 0 ||
      ::bind(socket, as_sockaddr(address), sizeof address) != 0) {
    return refused_by_system(path, errno);
  }
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return refused_by_system(path, errno);
  made.file_ = listener.path;
  made.device_ = status.st_dev;
  made.inode_ = status.st_ino;
  if (::chmod(path.c_str(), listener.mode) != 0 || ::listen(socket, SOMAXCONN) != 0) {
    return refused_by_system(path, errno);
  }
  return made;
}

std::uint16_t ListeningSocket::port() const {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  if (::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  // The port lies at the same place in sockaddr_in.
  return address.sin6_family == AF_UNIX ? std::uint16_t{0} : ntohs(address.sin6_port);
}

int ListeningSocket::release() {
  return std::exchange(descriptor_, -1);
}

void ListeningSocket::remove_file() {
  struct stat status {};
  if (!file_.empty() && ::lstat(file_.c_str(), &status) == 0 && status.st_dev == device_ &&
      status.st_ino == inode_) {
    ::unlink(file_.c_str());
  }
  file_.clear();
}

PeerInfo peer_of(int descriptor) {
  PeerInfo peer;
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return peer;
  if (storage.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &storage, sizeof four);
    peer.address = ip::address_v4{ntohl(four.sin_addr.s_addr)}.to_string();
    peer.port = ntohs(four.sin_port);
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &storage, sizeof six);
    ip::address_v6::bytes_type octets;
    std::memcpy(octets.data(), &six.sin6_addr, octets.size());
    const ip::address_v6 address{octets};
    peer.address = address.is_v4_mapped() ? ip::make_address_v4(ip::v4_mapped, address).to_string()
                                          : address.to_string();
    peer.port = ntohs(six.sin6_port);
  } else if (storage.ss_family == AF_UNIX) {
    ucred credentials{};
    size = sizeof credentials;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
      peer.process = PeerInfo::Process{credentials.uid, credentials.gid, credentials.pid};
    }
  }
  return peer;
}

}  // namespace cpc::federation
