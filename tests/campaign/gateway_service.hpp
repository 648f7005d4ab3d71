// SPDX-License-Identifier: BSL-1.0
// A service that is away, slow, lying, rejecting and rate-limited, and books what it stores.

#ifndef CLARIFY_TESTS_CAMPAIGN_GATEWAY_SERVICE_HPP
#define CLARIFY_TESTS_CAMPAIGN_GATEWAY_SERVICE_HPP

#include <clarify/testing/detail/emulator/http_server.hpp>

#include "gateway_book.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway_campaign {

namespace json = boost::json;
using clarify::testing::detail::HttpServer;
using clarify::testing::detail::ServerReply;
using clarify::testing::detail::ServerRequest;
using SteadyTime = std::chrono::steady_clock::time_point;

using Ms = std::chrono::milliseconds;

/// How long the gateway waits for an answer.
inline constexpr Ms longest_wait{4'000};

/// When an insert is executed, and how it is answered.
enum class Executed : std::uint8_t { never, now, late };
enum class Answered : std::uint8_t { well, closed, reset, cut, rubbish, unavailable, throttled };

struct Fault {
    std::string_view name;
    Executed executed;
    Answered answered;
    /// How much later it is answered.
    Ms least_delay{0};
    Ms most_delay{0};
    /// Is there no service for a while, from then on?
    bool goes_away = false;
};

inline constexpr std::array<Fault, 18> faults{{
    {"closed", Executed::never, Answered::closed},
    {"closed after", Executed::now, Answered::closed},
    {"closed, late", Executed::late, Answered::closed},
    {"reset", Executed::never, Answered::reset},
    {"reset after", Executed::now, Answered::reset},
    {"reset, late", Executed::late, Answered::reset},
    {"cut", Executed::never, Answered::cut},
    {"cut after", Executed::now, Answered::cut},
    {"rubbish", Executed::never, Answered::rubbish},
    {"rubbish after", Executed::now, Answered::rubbish},
    {"rubbish, late", Executed::late, Answered::rubbish},
    {"503", Executed::never, Answered::unavailable},
    {"503 after", Executed::now, Answered::unavailable},
    {"503, late", Executed::late, Answered::unavailable},
    {"429", Executed::never, Answered::throttled},
    {"slow", Executed::now, Answered::well, Ms{500}, Ms{2'500}},
    // Nobody waits for that any more.
    {"too slow, late", Executed::late, Answered::well, longest_wait + Ms{1'000}, Ms{14'000}},
    {"away", Executed::never, Answered::closed, Ms{0}, Ms{0}, true},
}};
/// Each fault comes once among so many inserts.
inline constexpr std::size_t deck_size = faults.size() + 10;

/// Which fault an insert meets, or none, by its number.
inline std::optional<std::size_t> fault_of(std::uint64_t seed, std::uint64_t insert) {
    std::array<std::size_t, deck_size> deck{};
    std::iota(deck.begin(), deck.end(), std::size_t{0});
    support::ChaosRandom random = draw(seed, Draw::deck, insert / deck_size);
    for (std::size_t i = deck_size - 1; i != 0; --i)
        std::swap(deck[i], deck[random.below(i + 1)]);
    const std::size_t card = deck[insert % deck_size];
    return card < faults.size() ? std::optional{card} : std::nullopt;
}

/// Stores what is inserted, in the order of execution.
class Service {
public:
    explicit Service(Book& book) : book_(book) {
        open();
        port_ = server_->port();
    }

    std::uint16_t port() const noexcept { return port_; }

    /// To be called now and then, by one thread: goes away, and comes back.
    void tend() {
        bool is_away = false;
        {
            const std::lock_guard lock{mutex_};
            is_away = std::chrono::steady_clock::now() < away_until_;
        }
        if (is_away) {
            server_.reset();
        } else if (!server_) {
            try {
                open();
            } catch (const boost::system::system_error&) {
                server_.reset();  // the port is somebody else's for a moment
            }
        }
    }
    /// There are no faults any more.
    void behave() {
        const std::lock_guard lock{mutex_};
        behaves_ = true;
        away_until_ = {};
    }
    /// Is something to be executed yet?
    bool has_late() {
        const std::lock_guard lock{mutex_};
        execute_due();
        return !due_.empty();
    }
    /// A sample in something that is to be executed yet.
    std::optional<std::uint32_t> some_late(support::ChaosRandom& random) {
        const std::lock_guard lock{mutex_};
        execute_due();
        if (due_.empty()) return std::nullopt;
        auto insert = due_.begin();
        std::advance(insert, random.below(due_.size()));
        const std::vector<Stored>& samples = insert->second;
        if (samples.empty()) return std::nullopt;
        return samples[random.below(samples.size())].sample;
    }
    /// Has it said since then that something is stored, while there is something late that it got before?
    bool was_well_since(SteadyTime then) {
        const std::lock_guard lock{mutex_};
        execute_due();
        return !due_.empty() && well_at_ > then && well_at_ > late_at_;
    }
    /// Which value of a sample it has now.
    Version stored(std::uint32_t sample) {
        const std::lock_guard lock{mutex_};
        execute_due();
        return book_.entries[sample].stored;
    }

    std::uint64_t inserts() const {
        const std::lock_guard lock{mutex_};
        return inserts_;
    }
    std::array<std::uint64_t, faults.size()> fault_counts() const {
        const std::lock_guard lock{mutex_};
        return fault_counts_;
    }
    std::uint64_t rejections() const {
        const std::lock_guard lock{mutex_};
        return rejections_;
    }
    std::uint64_t executed_late() const {
        const std::lock_guard lock{mutex_};
        return executed_late_;
    }

private:
    struct Cell {
        std::uint32_t sample;
        std::uint32_t row;
        Version version;
    };
    struct Column {
        std::string key;
        std::vector<Cell> cells;
    };
    struct Insert {
        std::string id;
        std::vector<Column> columns;
    };
    struct Stored {
        std::uint32_t sample;
        Version version;
    };
    /// What the service says of an insert, and what it keeps of it.
    struct Verdict {
        std::string reply;
        std::vector<Stored> kept;
    };

    void open() {
        constexpr std::size_t largest = std::size_t{8} << 20U;
        server_ = std::make_unique<HttpServer>(port_, std::nullopt, largest, statistics_);
        server_->start([this](const ServerRequest& request) { return answer(request); });
    }

    ServerReply answer(const ServerRequest& request) {
        const std::lock_guard lock{mutex_};
        const SteadyTime now = std::chrono::steady_clock::now();
        const Insert insert = read(json::parse(request.body()));
        const std::uint64_t number = inserts_++;
        support::ChaosRandom random = draw(book_.settings.seed, Draw::fault, number);
        Fault fault{"", Executed::now, Answered::well};
        if (const auto drawn = fault_of(book_.settings.seed, number); drawn && !behaves_) {
            fault = faults[*drawn];
            ++fault_counts_[*drawn];
        }
        // What comes faster than one a second waits in line.
        free_ = std::max(free_, now);
        const auto waits = std::chrono::duration_cast<Ms>(free_ - now);
        free_ += std::chrono::seconds{1};

        Verdict verdict = judge(insert, random);
        if (fault.executed == Executed::now) execute_at(now + waits, std::move(verdict.kept));
        if (fault.executed == Executed::late) {
            ++executed_late_;
            late_at_ = now;
            execute_at(now + some_time(random, longest), std::move(verdict.kept));
        }
        if (fault.answered == Answered::well && fault.executed == Executed::now) well_at_ = now;
        if (fault.goes_away) away_until_ = now + some_time(random, std::chrono::seconds{5});
        ServerReply reply = reply_of(fault.answered, verdict.reply, insert.id, random);
        reply.delay =
            waits + fault.least_delay + some_time(random, fault.most_delay - fault.least_delay);
        return reply;
    }

    static Ms some_time(support::ChaosRandom& random, Ms most) {
        return Ms{random.below(static_cast<std::uint64_t>(most.count()) + 1)};
    }

    Insert read(const json::value& call) {
        Insert insert;
        insert.id = json::serialize(call.at("id"));
        const json::value& data = call.at("params").at("data");
        std::vector<std::optional<std::uint32_t>> rows;
        for (const json::value& time : data.at("times").as_array())
            rows.push_back(row_of(time.as_string()));
        for (const auto& [key, values] : data.at("series").as_object()) {
            const std::optional<std::uint32_t> input = input_of(key);
            Column& column = insert.columns.emplace_back();
            column.key = key;
            for (std::uint32_t i = 0; i != rows.size(); ++i) {
                const json::value& value = values.as_array().at(i);
                if (value.is_null()) continue;
                const std::uint64_t sample =
                    input && rows[i] ? std::uint64_t{*rows[i]} * inputs + *input : UINT64_MAX;
                if (!add(column, sample, i, value.to_number<double>())) ++book_.never_sent;
            }
        }
        return insert;
    }
    bool add(Column& column, std::uint64_t sample, std::uint32_t row, double value) const {
        if (sample >= book_.entries.size()) return false;
        const auto number = static_cast<std::uint32_t>(sample);
        const Version version = version_of(book_.settings.seed, number, value);
        if (version == 0 || version > book_.entries[number].sent) return false;
        column.cells.push_back({number, row, version});
        return true;
    }

    /// In the order in which they are due.
    void execute_at(SteadyTime when, std::vector<Stored> samples) {
        due_.emplace(when, std::move(samples));
        execute_due();
    }
    void execute_due() {
        while (!due_.empty() && due_.begin()->first <= std::chrono::steady_clock::now()) {
            for (const Stored& sample : due_.begin()->second)
                book_.entries[sample.sample].stored = sample.version;
            due_.erase(due_.begin());
        }
    }

    /// As it is without a fault.
    Verdict judge(const Insert& insert, support::ChaosRandom& random) {
        std::vector<std::string> paths;
        std::set<std::string_view> spoiled;
        bool are_rows_named = true;
        for (const Column& column : insert.columns) {
            bool is_named = false;
            for (const Cell& cell : column.cells) {
                const Badness badness = badness_of(book_.settings.seed, cell.sample, cell.version);
                if (badness == Badness::none) continue;
                spoiled.insert(column.key);
                std::string path = "data.series." + column.key;
                if (badness == Badness::its_row_is_named) {
                    paths.push_back(path + '.' + std::to_string(cell.row));
                } else if (!std::exchange(is_named, true)) {
                    are_rows_named = false;
                    paths.push_back(std::move(path));
                }
            }
        }
        Verdict verdict;
        if (paths.empty()) {
            verdict.reply = R"("result":)" + json::serialize(result_of(insert, {}));
            verdict.kept = good_of(insert, {});
            return verdict;
        }
        ++rejections_;
        const bool is_partial = random.below(3) == 0;
        json::object error;
        error["code"] = is_partial ? -32021 : -32602;
        error["message"] = is_partial ? "partial failure" : "invalid params";
        json::object& data = error["data"].emplace_object();
        name(paths, random.below(2) == 0, data);
        if (is_partial) {
            // What is beside the bad ones in their columns is stored as well, or it is not.
            if (are_rows_named && random.below(2) == 0) spoiled.clear();
            data["partialResult"] = result_of(insert, spoiled);
            verdict.kept = good_of(insert, spoiled);
        }
        verdict.reply = R"("error":)" + json::serialize(error);
        return verdict;
    }
    /// In the form that is documented, or in the one that was observed.
    static void name(const std::vector<std::string>& paths, bool as_observed, json::object& data) {
        json::object params;
        json::array errors;
        for (const std::string& path : paths) {
            params[path] = json::array{"out of range"};
            json::object one;
            one["path"] = "params." + path;
            one["error"] = "out of range";
            errors.push_back(std::move(one));
        }
        if (as_observed) {
            data["pathErrors"] = std::move(errors);
        } else {
            data["params"] = std::move(params);
        }
    }
    static json::object result_of(const Insert& insert, const std::set<std::string_view>& without) {
        json::object signals;
        for (const Column& column : insert.columns) {
            if (without.contains(column.key)) continue;
            json::object& summary = signals[column.key].emplace_object();
            summary["id"] = "c618rbfqfsj7mjkj0ss2";
            summary["created"] = false;
        }
        json::object result;
        result["signalsByInput"] = std::move(signals);
        return result;
    }
    std::vector<Stored> good_of(
        const Insert& insert, const std::set<std::string_view>& without) const {
        std::vector<Stored> out;
        for (const Column& column : insert.columns) {
            if (without.contains(column.key)) continue;
            for (const Cell& cell : column.cells) {
                if (is_bad(book_.settings.seed, cell.sample, cell.version)) continue;
                out.push_back({cell.sample, cell.version});
            }
        }
        return out;
    }

    static ServerReply reply_of(
        Answered how,
        const std::string& content,
        const std::string& id,
        support::ChaosRandom& random) {
        using clarify::testing::detail::json_reply;
        using clarify::testing::detail::text_reply;
        const auto call = [&](const std::string& number, const std::string& rest) {
            return R"({"jsonrpc":"2.0","id":)" + number + rest + '}';
        };
        ServerReply reply = json_reply(200, call(id, ',' + content));
        switch (how) {
            case Answered::well:
                break;
            case Answered::closed:
                reply.most_bytes = 0;
                break;
            case Answered::reset:
                reply.sending = ServerReply::Sending::none;
                break;
            case Answered::cut:
                reply.most_bytes = 1 + random.below(reply.body.size());
                break;
            case Answered::unavailable:
                reply = text_reply(503, "later");
                break;
            case Answered::throttled:
                reply = text_reply(429, "slower");
                reply.add_header("Retry-After", std::to_string(1 + random.below(2)));
                break;
            case Answered::rubbish: {
                const std::string good = R"(,"result":{"signalsByInput":{}})";
                const std::array<std::string, 12> bodies{
                    "",
                    "<html><body>OK</body></html>",
                    "OK",
                    "true",
                    "[]",
                    R"({"status":"success"})",
                    call(id, ""),
                    call(id, R"(,"result":null)"),
                    call(id, R"(,"result":"stored")"),
                    call(id + "1", good),
                    call("null", good),
                    call(id, good).substr(0, 50)};
                reply.body = bodies[random.below(bodies.size())];
                if (reply.body.empty() && random.below(2) == 0) reply.status = 204;
                break;
            }
        }
        return reply;
    }

    /// After which time a request that was not answered is executed at the latest. Clarify may take 15 s from
    /// when it was sent; it was some time before it got here.
    static constexpr std::chrono::seconds longest{12};

    Book& book_;
    clarify::testing::detail::Statistics statistics_;
    std::uint16_t port_ = 0;

    mutable std::mutex mutex_;
    bool behaves_ = false;
    SteadyTime away_until_{};
    SteadyTime free_{};
    /// When it got the last insert that it executes late, and the last one that it told the truth of.
    SteadyTime late_at_{};
    SteadyTime well_at_{};
    std::multimap<SteadyTime, std::vector<Stored>> due_;
    std::uint64_t inserts_ = 0;
    std::uint64_t rejections_ = 0;
    std::uint64_t executed_late_ = 0;
    std::array<std::uint64_t, faults.size()> fault_counts_{};

    // The first to go.
    std::unique_ptr<HttpServer> server_;
};

}  // namespace gateway_campaign

#endif  // CLARIFY_TESTS_CAMPAIGN_GATEWAY_SERVICE_HPP
