// The socket that a server accepts connections from.
#pragma once

#include <string>

namespace elastic::cli {

/// Binds to a numeric address or a name and a port, 0 for any free one, and listens without
/// blocking. Returns the descriptor, which the caller closes. Throws UsageError that names the
/// address.
int open_listen_socket(const std::string& host, int port);

/// The address of a bound socket, "127.0.0.1:8080" or "[::1]:8080".
std::string address_of(int socket);

/// True if only this machine can reach the bound socket.
bool is_loopback(int socket);

}  // namespace elastic::cli
