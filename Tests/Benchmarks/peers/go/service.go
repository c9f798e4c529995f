// The service that a good team would write by hand: net/http and a pgx pool in front of one database, and nothing of what
// Throughline guarantees: no credential, no tenancy but a column, no validation, no idempotency, no events but an outbox row.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

const (
	connections  = 16
	bodyBytesMax = 1 << 20
	columns      = `id::text, name, client_company_id::text, contact_id::text, stage, amount_minor, currency, probability,
		expected_close_on::text, lost_reason, lost_note, entered_stage_at, closed_at, owner_id::text, product, source, notes,
		external_id, custom_fields::text, created_at, updated_at, version`
)

type deal struct {
	ID              string          `json:"id"`
	Name            string          `json:"name"`
	ClientCompanyID *string         `json:"client_company_id"`
	ContactID       *string         `json:"contact_id"`
	Stage           string          `json:"stage"`
	AmountMinor     *int64          `json:"amount_minor"`
	Currency        string          `json:"currency"`
	Probability     int32           `json:"probability"`
	ExpectedCloseOn *string         `json:"expected_close_on"`
	LostReason      *string         `json:"lost_reason"`
	LostNote        *string         `json:"lost_note"`
	EnteredStageAt  time.Time       `json:"entered_stage_at"`
	ClosedAt        *time.Time      `json:"closed_at"`
	OwnerID         *string         `json:"owner_id"`
	Product         *string         `json:"product"`
	Source          *string         `json:"source"`
	Notes           *string         `json:"notes"`
	ExternalID      *string         `json:"external_id"`
	CustomFields    json.RawMessage `json:"custom_fields"`
	CreatedAt       time.Time       `json:"created_at"`
	UpdatedAt       time.Time       `json:"updated_at"`
	Version         int64           `json:"version"`
}

func scan(row pgx.Row) (d deal, err error) {
	var custom string
	err = row.Scan(&d.ID, &d.Name, &d.ClientCompanyID, &d.ContactID, &d.Stage, &d.AmountMinor, &d.Currency, &d.Probability,
		&d.ExpectedCloseOn, &d.LostReason, &d.LostNote, &d.EnteredStageAt, &d.ClosedAt, &d.OwnerID, &d.Product, &d.Source, &d.Notes,
		&d.ExternalID, &custom, &d.CreatedAt, &d.UpdatedAt, &d.Version)
	d.CustomFields = json.RawMessage(custom)
	return
}

type service struct {
	database *pgxpool.Pool
}

func answer(w http.ResponseWriter, status int, value interface{}) {
	body, err := json.Marshal(value)
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

func fail(w http.ResponseWriter, status int, err error) {
	http.Error(w, err.Error(), status)
}

// get serves GET /v1/deals/ID.
func (s service) get(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, "/v1/deals/")
	found, err := scan(s.database.QueryRow(r.Context(),
		"SELECT "+columns+" FROM deal WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL", r.Header.Get("X-Organization"), id))
	if err != nil {
		fail(w, http.StatusNotFound, err)
		return
	}
	answer(w, http.StatusOK, found)
}

// deals serves GET and POST /v1/deals.
func (s service) deals(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.create(w, r)
		return
	}
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		limit = 50
	}
	rows, err := s.database.Query(r.Context(), "SELECT "+columns+
		" FROM deal WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $2", r.Header.Get("X-Organization"), limit)
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	defer rows.Close()
	page := make([]deal, 0, limit)
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			fail(w, http.StatusInternalServerError, err)
			return
		}
		page = append(page, one)
	}
	answer(w, http.StatusOK, map[string]interface{}{"data": page})
}

func (s service) create(w http.ResponseWriter, r *http.Request) {
	var input struct {
		Name        string `json:"name"`
		AmountMinor *int64 `json:"amount_minor"`
		Currency    string `json:"currency"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, bodyBytesMax)).Decode(&input); err != nil || input.Name == "" {
		http.Error(w, "a deal has a name", http.StatusUnprocessableEntity)
		return
	}
	made, err := scan(s.database.QueryRow(r.Context(),
		"INSERT INTO deal (organization_id, name, amount_minor, currency) VALUES ($1, $2, $3, $4) RETURNING "+columns,
		r.Header.Get("X-Organization"), input.Name, input.AmountMinor, input.Currency))
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	answer(w, http.StatusCreated, made)
}

// step serves POST /v1/steps/KIND: one step of lead to cash, its row, outbox event and activity in one transaction.
func (s service) step(w http.ResponseWriter, r *http.Request) {
	kind, organization := strings.TrimPrefix(r.URL.Path, "/v1/steps/"), r.Header.Get("X-Organization")
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyBytesMax))
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	var id string
	err = s.database.BeginFunc(r.Context(), func(transaction pgx.Tx) error {
		if err := transaction.QueryRow(r.Context(), "INSERT INTO floor_row (organization_id, id, kind, amount_minor, body) "+
			"VALUES ($1, gen_random_uuid(), $2, 100000, $3) RETURNING id::text", organization, kind, string(body)).Scan(&id); err != nil {
			return err
		}
		if _, err := transaction.Exec(r.Context(), "INSERT INTO floor_event (organization_id, type, body) VALUES ($1, $2, $3)",
			organization, kind+".created", string(body)); err != nil {
			return err
		}
		_, err := transaction.Exec(r.Context(), "INSERT INTO floor_activity (organization_id, type, body) VALUES ($1, $2, $3)",
			organization, kind+".created", string(body))
		return err
	})
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	answer(w, http.StatusCreated, map[string]string{"id": id})
}

// main serves HTTP/1.1 and HTTP/2 without TLS on PORT; DATABASE_URL says where the rows are.
func main() {
	configuration, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	configuration.MaxConns = connections
	database, err := pgxpool.ConnectConfig(context.Background(), configuration)
	if err != nil {
		log.Fatal(err)
	}
	s, routes := service{database}, http.NewServeMux()
	routes.HandleFunc("/v1/deals/", s.get)
	routes.HandleFunc("/v1/deals", s.deals)
	routes.HandleFunc("/v1/steps/", s.step)
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Handler: routes, Protocols: &protocols}
	log.Fatal(server.ListenAndServe())
}
