// SPDX-License-Identifier: BSL-1.0
// What all requests in hand hold of the memory, together.

#ifndef CLARIFY_GATEWAY_MEMORY_HPP
#define CLARIFY_GATEWAY_MEMORY_HPP

#include <atomic>
#include <cstddef>

namespace gateway {

/** A limit in sum: limits of each request alone still add up, times the number of connections.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe; a `Share` belongs to one request.
*/
class Memory {
public:
    /// What one request holds. It is given back with the object.
    class Share {
    public:
        explicit Share(Memory& memory) : memory_(memory) {}
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share() { memory_.held_ -= mine_; }

        /// Holds so many bytes from now on if there is room for them; else false, and nothing changes.
        bool grow_to(std::size_t bytes) {
            if (bytes <= mine_) return true;
            const std::size_t more = bytes - mine_;
            const std::size_t before = memory_.held_.fetch_add(more);
            if (before + more > memory_.limit_) {
                memory_.held_ -= more;
                return false;
            }
            mine_ = bytes;
            return true;
        }
        /// Holds so many bytes from now on, fewer or more, also where there is no room: for what can
        /// no longer be refused. Others get less then.
        void hold(std::size_t bytes) {
            memory_.held_ += bytes - mine_;
            mine_ = bytes;
        }

    private:
        Memory& memory_;
        std::size_t mine_ = 0;
    };

    explicit Memory(std::size_t limit) : limit_(limit) {}
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    std::size_t limit() const { return limit_; }
    std::size_t held() const { return held_; }

private:
    const std::size_t limit_;
    std::atomic<std::size_t> held_ = 0;
};

}  // namespace gateway

#endif  // CLARIFY_GATEWAY_MEMORY_HPP
