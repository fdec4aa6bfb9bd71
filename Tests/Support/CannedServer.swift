import Foundation
import Synchronization
import Testing

/// A server on a free port that sends every client the same answer, or none.
package final class CannedServer: Sendable {
    package let port: Int
    private let socket: Int32
    private let visits = Visits()

    /// - Parameter answer: the text for each client, after which the connection is closed. With nil, connections stay
    ///   open and silent.
    package init(_ answer: String? = nil) throws {
        let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) | listen(listener, 8) | getsockname(listener, pointer, &length)
            }
        }
        try #require(status == 0)
        port = Int(UInt16(bigEndian: address.sin_port))
        socket = listener
        Thread.detachNewThread { [visits] in
            var silent: [Int32] = []
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                visits.add()
                guard let answer else {
                    silent.append(connection)
                    continue
                }
                var request = [UInt8](repeating: 0, count: 4096)
                _ = read(connection, &request, request.count)
                _ = write(connection, answer, answer.utf8.count)
                close(connection)
            }
            for connection in silent { close(connection) }
        }
    }

    /// Returns when a client has connected.
    package func visitor() async {
        await visits.first()
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    private final class Visits: Sendable {
        private let state = Mutex((hasAny: false, waiting: [CheckedContinuation<Void, Never>]()))

        func add() {
            let waiting = state.withLock { state in
                state.hasAny = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for reader in waiting { reader.resume() }
        }

        func first() async {
            await withCheckedContinuation { reader in
                let hasAny = state.withLock { state in
                    if !state.hasAny { state.waiting.append(reader) }
                    return state.hasAny
                }
                if hasAny { reader.resume() }
            }
        }
    }
}
