// SPDX-License-Identifier: BSL-1.0
// A TCP proxy that harms the connections it carries, by script or by seed.

#ifndef CLARIFY_TESTS_SUPPORT_CHAOS_PROXY_HPP
#define CLARIFY_TESTS_SUPPORT_CHAOS_PROXY_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace support {

/// How, and after how many bytes of one direction, a connection comes to harm.
struct ChaosCut {
    enum class How : std::uint8_t {
        /// Never.
        none,
        /// Both ends see the connection end in good order (FIN).
        fin,
        /// Both ends see a reset (RST).
        reset,
        /// The receiver of this direction sees its end (FIN); the other direction goes on.
        half_close,
        /// Everything further is taken and thrown away; the connection stays open.
        swallow,
        /// Nothing further is taken, so that the sender's window closes; the connection stays open.
        stall,
    };

    ChaosCut() {}
    ChaosCut(How what, std::size_t bytes, std::chrono::milliseconds wait = {})
        : how(what), at(bytes), after(wait) {}

    How how = How::none;
    /// So many bytes of the direction are passed on before.
    std::size_t at = 0;
    /// Zero: exactly `at` bytes are passed on. Else the harm comes this much later than byte `at`,
    /// and what is sent meanwhile is passed on.
    std::chrono::milliseconds after{0};
};

/// What happens to one direction of a connection.
struct ChaosFlow {
    ChaosFlow() {}

    /// Before each piece that is passed on.
    std::chrono::milliseconds delay{0};
    /// 0: no limit.
    std::size_t bytes_per_second = 0;
    /// The largest piece; 0: as the bytes come.
    std::size_t segment = 0;
    ChaosCut cut;
};

/// What happens to one connection. As constructed: nothing, the bytes are passed on as they come.
struct ChaosPlan {
    enum class Accept : std::uint8_t {
        pass,
        /// Closed as soon as it is accepted; the server never hears of it.
        fin,
        /// The same with a reset.
        reset,
    };

    ChaosPlan() {}
    /// Only the given harm.
    static ChaosPlan cut_up(ChaosCut cut) {
        ChaosPlan plan;
        plan.up.cut = cut;
        return plan;
    }
    static ChaosPlan cut_down(ChaosCut cut) {
        ChaosPlan plan;
        plan.down.cut = cut;
        return plan;
    }

    Accept accept = Accept::pass;
    /// The connection stands, but so long nobody reads from it, or knows of it.
    std::chrono::milliseconds accept_delay{0};
    /// Once this connection is accepted, further ones are refused for so long.
    std::chrono::milliseconds refuse_for{0};
    /// From the client to the server, and from the server to the client.
    ChaosFlow up, down;
};

/// One line for people, for example `up: reset at 120; down: 2 ms a piece`.
std::string to_string(const ChaosPlan& plan);

/// The plan of each connection, counted from 0 in the order of acceptance. Called in the proxy's
/// thread.
using ChaosPlanner = std::function<ChaosPlan(std::size_t connection)>;

/// The given plans in turn; later connections come to no harm.
ChaosPlanner chaos_script(std::vector<ChaosPlan> plans);

/** Plans drawn at random. The plan of a connection depends on the seed and on its number alone.

    The members up to `calm` are weights: a connection meets a fault of each kind with its weight
    over the sum of all. Positions are even in `[0, span)`, delays in `[0, delay]`.
*/
struct ChaosMix {
    ChaosMix() {}

    unsigned fin = 4, reset = 4, half_close = 1, swallow = 1;
    unsigned close_at_accept = 1, reset_at_accept = 1, refuse = 1, accept_late = 1;
    unsigned slow = 2, segments = 2;
    /// No harm.
    unsigned calm = 4;

    std::size_t span = 4096;
    std::chrono::milliseconds delay{3};

    ChaosPlan plan(std::uint64_t seed, std::size_t connection) const;
    ChaosPlanner planner(std::uint64_t seed) const {
        return [mix = *this, seed](std::size_t connection) { return mix.plan(seed, connection); };
    }
};

/// What a proxy has done.
struct ChaosStatistics {
    std::uint64_t connections = 0;
    /// Connections that are not over yet.
    std::uint64_t open = 0;
    std::uint64_t bytes_up = 0, bytes_down = 0;
    /// Bytes that were taken and not passed on.
    std::uint64_t lost = 0;
    std::uint64_t fins = 0, resets = 0, half_closes = 0, swallows = 0, stalls = 0;
    std::uint64_t closed_at_accept = 0, refusals = 0;
};

/** Carries TCP connections on a loopback port to a server on another one, in a thread of its own.

    @code
    support::ChaosProxy proxy{server.port(), support::chaos_script({
        support::ChaosPlan::cut_down({support::ChaosCut::How::reset, 17}),
    })};
    // A client of proxy.port() has its first connection reset after 17 bytes of the reply.
    @endcode

    Bytes are never changed, doubled or reordered: TCP would not do it either. An end or a reset of
    one side is passed on to the other.

    @par Thread safety
    All members are safe.
*/
class ChaosProxy {
public:
    /// A proxy to 127.0.0.1:`server_port`; without a planner nothing comes to harm.
    explicit ChaosProxy(std::uint16_t server_port, ChaosPlanner planner = {});
    ChaosProxy(const ChaosProxy&) = delete;
    ChaosProxy& operator=(const ChaosProxy&) = delete;
    /// Closes all connections.
    ~ChaosProxy();

    std::uint16_t port() const noexcept;
    std::string origin(const std::string& scheme = "http") const {
        return scheme + "://127.0.0.1:" + std::to_string(port());
    }
    ChaosStatistics statistics() const noexcept;

    /// Plans for the connections from now on, which are counted from 0 again.
    void set_planner(ChaosPlanner planner);
    /// Lets connections be refused, or accepted again. The port stays the proxy's own. Has happened
    /// when this returns.
    void refuse(bool refused);

private:
    class Session;
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace support

#include "impl/chaos_plan.hpp"
#include "impl/chaos_proxy.hpp"

#endif  // CLARIFY_TESTS_SUPPORT_CHAOS_PROXY_HPP
