// SPDX-License-Identifier: BSL-1.0
// Runs the cases of the HTTP backend's conformance kit, each within its own limit.

#ifndef CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_HTTP_BACKEND_HPP
#define CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_HTTP_BACKEND_HPP

#include <clarify/testing/check_http_backend.hpp>
#include <clarify/testing/detail/kits/backend_connection_cases.hpp>
#include <clarify/testing/detail/kits/backend_ending_cases.hpp>
#include <clarify/testing/detail/kits/backend_failure_cases.hpp>
#include <clarify/testing/detail/kits/backend_framing_cases.hpp>
#include <clarify/testing/detail/kits/backend_optional_cases.hpp>
#include <clarify/testing/detail/kits/backend_reply_cases.hpp>
#include <clarify/testing/detail/kits/backend_request_cases.hpp>
#include <clarify/testing/detail/kits/backend_stall_cases.hpp>
#include <clarify/testing/detail/kits/backend_tls_cases.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>

namespace clarify::testing {
namespace detail {

/// How long the exchanges of a case may take, far above what they need, and how long they may once
/// so many cases have taken all of it that the backend cannot be expected to recover.
inline constexpr std::chrono::seconds backend_case_limit{6};
inline constexpr std::chrono::seconds backend_case_limit_of_hopeless{2};
inline constexpr int hopeless_after = 3;
/// How long after that its thread may take to end, and again after its servers were cut.
inline constexpr std::chrono::seconds backend_case_reserve{2};

inline void run_backend_case(const BackendCase& entry, BackendCheck& check) {
    try {
        entry.run(check);
    } catch (const DidNotComplete& thrown) {
        check.problem(thrown.what());
    } catch (const std::exception& thrown) {
        check.problem(std::string{"an exception escaped: "} + thrown.what());
    } catch (...) {
        check.problem("an exception escaped");
    }
}

/** Runs one case on a thread of its own and returns what was seen.

    A backend that blocks its thread cannot be cancelled: so what it may be blocked on is cut. If
    that does not help either, the thread is abandoned, with all that it refers to.
*/
inline std::vector<std::string> watch_backend_case(
    const BackendCase& entry, const std::shared_ptr<BackendCheck>& check) {
    const auto ended = std::make_shared<std::promise<void>>();
    const std::future<void> end = ended->get_future();
    std::thread thread{[&entry, check, ended] {
        run_backend_case(entry, *check);
        ended->set_value();
    }};
    bool over = end.wait_until(check->limit() + backend_case_reserve) == std::future_status::ready;
    if (!over) {
        check->problem("did not complete: the backend blocks its thread");
        check->cut_servers();
        over = end.wait_for(backend_case_reserve) == std::future_status::ready;
    }
    if (over) {
        thread.join();
    } else {
        thread.detach();
    }
    return check->problems();
}

inline ConformanceReport run_backend_cases(const BackendMaker& make) {
    const auto authority = std::make_shared<const CertificateAuthority>();
    ConformanceReport report;
    int exhausted = 0;
    for (const std::span<const BackendCase> group :
         {std::span<const BackendCase>{backend_cases::executor_cases},
          std::span<const BackendCase>{backend_cases::reply_cases},
          std::span<const BackendCase>{backend_cases::ending_cases},
          std::span<const BackendCase>{backend_cases::request_cases},
          std::span<const BackendCase>{backend_cases::framing_cases},
          std::span<const BackendCase>{backend_cases::failure_cases},
          std::span<const BackendCase>{backend_cases::tls_cases},
          std::span<const BackendCase>{backend_cases::stall_cases},
          std::span<const BackendCase>{backend_cases::connection_cases},
          std::span<const BackendCase>{backend_cases::optional_cases}}) {
        for (const BackendCase& entry : group) {
            bool go_on = true;
            report.run(entry.name, entry.promise, [&](ConformanceCase& one) {
                const auto check = std::make_shared<BackendCheck>(
                    make,
                    authority,
                    exhausted < hopeless_after ? backend_case_limit
                                               : backend_case_limit_of_hopeless);
                one.problems = watch_backend_case(entry, check);
                one.not_judged = check->not_judged();
                if (Clock::now() >= check->limit()) ++exhausted;
                go_on = !check->given_up();
            });
            if (!go_on) return report;
        }
    }
    return report;
}

}  // namespace detail

template <class MakeBackend>
requires HttpBackend<std::invoke_result_t<MakeBackend&, const HttpOptions&>> ConformanceReport
check_http_backend(MakeBackend make_backend) {
    using Backend = std::invoke_result_t<MakeBackend&, const HttpOptions&>;
    // Shared, because a case may have to be abandoned.
    const auto make = std::make_shared<MakeBackend>(std::move(make_backend));
    return detail::run_backend_cases([make](const HttpOptions& options) {
        return std::make_shared<detail::HeldBackend<Backend>>(std::invoke(*make, options));
    });
}

}  // namespace clarify::testing

#endif  // CLARIFY_TESTING_DETAIL_KITS_IMPL_CHECK_HTTP_BACKEND_HPP
