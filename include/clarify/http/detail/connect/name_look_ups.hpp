// SPDX-License-Identifier: BSL-1.0
// Name look-ups of the process: each in a thread that blocks, one for all who ask for the same name.

#ifndef CLARIFY_HTTP_DETAIL_CONNECT_NAME_LOOK_UPS_HPP
#define CLARIFY_HTTP_DETAIL_CONNECT_NAME_LOOK_UPS_HPP

#include <clarify/core/clock.hpp>
#include <clarify/core/detail/blocking_workers.hpp>
#include <clarify/core/detail/process.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/resolver_base.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {

/// What a name means, in the resolver's order; or why that is not known.
struct NameAnswer {
    boost::system::error_code error;
    std::vector<boost::asio::ip::address> addresses;
};

/// Asks the system's resolver (`getaddrinfo`), and blocks until it answers.
inline NameAnswer ask_system(const std::string& host) noexcept {
    NameAnswer answer;
    try {
        boost::asio::io_context context{1};
        // Of this very context, for a type-erased executor takes a fiftieth of the time that a user's
        // file takes to compile.
        using Tcp = boost::asio::ip::tcp;
        boost::asio::ip::basic_resolver<Tcp, boost::asio::io_context::executor_type> resolver{
            context};
        const auto results =
            resolver.resolve(host, "", boost::asio::ip::resolver_base::flags{}, answer.error);
        for (const auto& entry : results)
            answer.addresses.push_back(entry.endpoint().address());
    } catch (const std::bad_alloc&) {
        answer.error = boost::asio::error::no_memory;
    } catch (...) {
        answer.error = boost::asio::error::host_not_found_try_again;
    }
    return answer;
}

/** The look-ups under way.

    One that hangs has one thread, however many ask; it holds up nobody who asks for another name.
    Where it has hung for a while, the next who asks starts a second one, since the network may have
    come back meanwhile; but never a third.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe.
*/
class NameLookUps {
public:
    using Ask = NameAnswer (*)(const std::string& host) noexcept;

    /// Somebody who waits for an answer.
    class Asker {
    public:
        virtual ~Asker() = default;
        /// Called once, in a thread that may be blocked.
        virtual void answered(const NameAnswer& answer) noexcept = 0;
    };

    /// One that is no older than this is joined by all.
    static constexpr std::chrono::seconds patience{5};
    /// Look-ups of one name at the same time.
    static constexpr std::size_t most_of_a_name = 2;

    explicit NameLookUps(Ask how = &ask_system, BlockingWorkers* workers = nullptr)
        : ask_(how), workers_(workers), table_(std::make_shared<Table>()) {}

    /// Has `asker` told what `host` means. Throws `std::system_error` where the system has no thread
    /// for that, and `std::bad_alloc`. Then it is told nothing.
    void ask(const std::string& host, std::shared_ptr<Asker> asker, TimePoint now = Clock::now()) {
        const std::lock_guard lock{table_->mutex};
        std::shared_ptr<LookUp> newest;
        std::size_t count = 0;
        for (const std::shared_ptr<LookUp>& each : table_->under_way) {
            if (each->host != host) continue;
            newest = each;
            ++count;
        }
        const bool joins = newest && (now - newest->began < patience || count >= most_of_a_name);
        if (joins) return newest->askers.push_back(std::move(asker));
        const auto made = std::make_shared<LookUp>(table_, ask_, host, now);
        made->askers.push_back(std::move(asker));
        table_->under_way.push_back(made);
        try {
            (workers_ != nullptr ? *workers_ : of_process<BlockingWorkers>()).start(made);
        } catch (...) {
            table_->under_way.pop_back();
            throw;
        }
    }

private:
    struct LookUp;
    struct Table {
        std::mutex mutex;
        /// The older ones first.
        std::vector<std::shared_ptr<LookUp>> under_way;
    };
    struct LookUp final : BlockingJob {
        LookUp(std::shared_ptr<Table> its, Ask by, std::string name, TimePoint now)
            : table(std::move(its)), how(by), host(std::move(name)), began(now) {}

        void run() noexcept override {
            const NameAnswer answer = how(host);
            std::vector<std::shared_ptr<Asker>> all;
            {
                const std::lock_guard lock{table->mutex};
                all.swap(askers);
                std::erase_if(
                    table->under_way, [&](const auto& each) { return each.get() == this; });
            }
            for (const std::shared_ptr<Asker>& asker : all)
                asker->answered(answer);
        }

        std::shared_ptr<Table> table;
        Ask how;
        std::string host;
        TimePoint began;
        std::vector<std::shared_ptr<Asker>> askers;
    };

    Ask ask_;
    /// Null for those of the process.
    BlockingWorkers* workers_;
    std::shared_ptr<Table> table_;
};

}  // namespace clarify::detail

#endif  // CLARIFY_HTTP_DETAIL_CONNECT_NAME_LOOK_UPS_HPP
