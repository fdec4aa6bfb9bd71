package import Hummingbird
import NIOCore

/// The context of a request: the address of its connection's other end.
package struct DeviceContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let peer: SocketAddress?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress
    }
}
