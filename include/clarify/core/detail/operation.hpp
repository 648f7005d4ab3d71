// SPDX-License-Identifier: BSL-1.0
// Operations of several requests: which of them a client still serves while it drains.

#ifndef CLARIFY_CORE_DETAIL_OPERATION_HPP
#define CLARIFY_CORE_DETAIL_OPERATION_HPP

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

namespace clarify::detail {

/** Counts what is under way in a client and makes one request after the other. An operation that was
    accepted goes on while the client drains, though new ones, and new calls, are refused.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class OperationGate {
public:
    /// May an operation begin? It ends by `leave`, then. `joined`: how many it is a part of, which
    /// decide instead where there are any.
    bool enter(std::size_t joined) noexcept {
        const std::lock_guard lock{mutex_};
        if (!open_ && joined == 0) return false;
        ++under_way_;
        return true;
    }
    /// Whether it was the last one that a client which takes no more has waited for.
    bool leave() noexcept {
        const std::lock_guard lock{mutex_};
        return --under_way_ == 0 && !open_;
    }
    /// No other operation begins any more.
    void close() noexcept {
        const std::lock_guard lock{mutex_};
        open_ = false;
    }

    bool is_open() const noexcept {
        const std::lock_guard lock{mutex_};
        return open_;
    }
    std::size_t under_way() const noexcept {
        const std::lock_guard lock{mutex_};
        return under_way_;
    }

private:
    mutable std::mutex mutex_;
    bool open_ = true;
    std::size_t under_way_ = 0;
};

/// Whose operations they are: the inside of a client.
class OperationHost {
public:
    /// In any thread.
    virtual OperationGate& operations() noexcept = 0;
    /// The last one that a draining client has waited for is over. In any thread.
    virtual void operations_over() noexcept = 0;

protected:
    ~OperationHost() = default;
};

/** What the calls of one operation have in common.

    It is under way as long as there is a ticket of it: that of an insert, say, or one for each wait
    for a page.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class Operation : public std::enable_shared_from_this<Operation> {
public:
    /// Says that the operation is under way, until it is destroyed or reset; an empty one does not.
    class Ticket {
    public:
        Ticket() = default;
        explicit Ticket(std::shared_ptr<Operation> operation) noexcept
            : operation_(std::move(operation)) {}
        Ticket(Ticket&& other) noexcept : operation_(std::move(other.operation_)) {}
        Ticket& operator=(Ticket&& other) noexcept {
            if (this != &other) {
                reset();
                operation_ = std::move(other.operation_);
            }
            return *this;
        }
        ~Ticket() { reset(); }
        void reset() noexcept {
            if (const auto operation = std::exchange(operation_, nullptr)) operation->end();
        }
        explicit operator bool() const noexcept { return operation_ != nullptr; }

    private:
        std::shared_ptr<Operation> operation_;
    };

    explicit Operation(std::shared_ptr<OperationHost> host) noexcept : host_(std::move(host)) {}
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    /// Begins it, or a part of it while it is under way; empty where the client takes no more.
    Ticket begin() noexcept {
        const std::lock_guard lock{mutex_};
        if (!host_->operations().enter(tickets_)) return Ticket{};
        ++tickets_;
        return Ticket{shared_from_this()};
    }
    bool is_under_way() const noexcept {
        const std::lock_guard lock{mutex_};
        return tickets_ != 0;
    }
    /// Will the client take other operations? If not, nothing is fetched for later.
    bool has_future() const noexcept { return host_->operations().is_open(); }

private:
    void end() noexcept {
        bool over = false;
        {
            const std::lock_guard lock{mutex_};
            --tickets_;
            over = host_->operations().leave();
        }
        if (over) host_->operations_over();
    }

    std::shared_ptr<OperationHost> host_;
    mutable std::mutex mutex_;
    std::size_t tickets_ = 0;
};

}  // namespace clarify::detail

#endif  // CLARIFY_CORE_DETAIL_OPERATION_HPP
