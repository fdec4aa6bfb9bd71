package import Hummingbird
import NIOCore

/// What a request's connection tells: the address of its other end.
package struct DeviceContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let peer: SocketAddress?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress
    }
}
