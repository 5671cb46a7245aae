/* Epoch / in-sync-replica / commit / fail-over protocol of KvsTcp, cluster mode (etcd holds the group state).
 * One replica group, N nodes. Time is abstracted: a lease seen by the primary may lapse at any moment, the promise
 * behind it only after the primary's view of it has lapsed (lease < promise, both on monotonic clocks).
 * An append or an ack in flight needs no channel: receiving late commutes with receiving early, because a follower
 * rejects every lower epoch and a primary's `acked` is separate from its commit step.
 *
 * Which sizes are checked, and which deliberate bugs (BUG_...) must be found: README.md. `./dev model` does it.
 */
#define N 3
#ifndef MINISR
#define MINISR 2
#endif
#ifndef MAXSEQ
#define MAXSEQ 2
#endif
#ifndef MAXEPOCH
#define MAXEPOCH 3
#endif
#ifndef MAXCRASH
#define MAXCRASH 2
#endif
#ifndef MAXWIPE
#define MAXWIPE 0
#endif
#ifndef MAXCAS
#define MAXCAS 3
#endif
#define BIT(i)    (1<<(i))
#define HAS(s,i)  (((s)>>(i))&1)
#define SIZE(s)   (HAS(s,0)+HAS(s,1)+HAS(s,2))
#define LOG(i,s)  lg[(i)*MAXSEQ+(s)]
#define ACK(p,q)  acked[(p)*N+(q)]
#define LV(p,q)   lease[(p)*N+(q)]

#ifdef BUG_READEARLY
#define READY(n) 1
#else
#define READY(n) (hw[n]>=start[n])
#endif
#ifdef BUG_UNCLEAN
#define ELIGIBLE(n) 1
#else
#define ELIGIBLE(n) HAS(E_isr,n)
#endif
#ifdef BUG_NOFSYNC
#define HELD(n) ln[n]
#else
#define HELD(n) dlen[n]
#endif
/* joining the ISR: at least the primary's log end at promotion, since its own hw is only a lower bound until then */
#ifdef BUG_EARLYADD
#define CAUGHTUP(p,q) (ACK(p,q)>=hw[p])
#else
#define CAUGHTUP(p,q) (ACK(p,q)>=hw[p] && ACK(p,q)>=start[p])
#endif
/* etcd: one linearizable record */
byte E_epoch = 1; byte E_prim = 0; byte E_isr = 7;
/* nodes; durable: lg[..dlen), ep. volatile: the rest */
bit  up[N]; bit prim[N]; byte ep[N]; byte lg[N*MAXSEQ]; byte ln[N]; byte dlen[N]; byte hw[N];
bit  matched[N];                       /* follower's log is a verified prefix of the primary's, in epoch ep */
byte acked[N*N]; byte must[N]; byte isr[N]; byte start[N];
byte pend[N]; byte pendEp[N]; byte pendRes[N];  /* CAS in flight: 0 none 1 sent 2 applied 3 refused */
byte prom[N]; bit lease[N*N];          /* promise of q: to node prom-1; lease view at p */
bit  wiped[N];                         /* disk lost: the incarnation recorded in the ISR is gone */
byte crashes, wipes, cas;
/* ghost: what clients were told */
byte com[MAXSEQ]; byte ncom; byte owner[MAXEPOCH+1];
byte i, j, k, t; bit okk;

inline lossless(n) { /* node n holds every acknowledged entry, durably */
  if :: !wiped[n] -> k = 0; do :: k < ncom -> assert(k < dlen[n] && LOG(n,k) == com[k]); k++ :: else -> break od :: else -> skip fi; k=0
}
inline demote(n) { prim[n]=0; must[n]=0; isr[n]=0; start[n]=0; k=0; do :: k<N -> ACK(n,k)=0; LV(n,k)=0; k++ :: else -> break od; k=0 }
inline cut(n, m) { k=m; do :: k<MAXSEQ -> LOG(n,k)=0; k++ :: else -> break od; ln[n]=m; if :: dlen[n]>m -> dlen[n]=m :: else -> skip fi; k=0 }

active proctype world() {
  d_step { i=0; do :: i<N -> up[i]=1; ep[i]=1; matched[i]=1; i++ :: else -> break od; matched[0]=0; prim[0]=1; must[0]=7; isr[0]=7; i=0 }
  do
  :: atomic { /* pick an ordered pair (i,j), i != j */
       if :: i=0 :: i=1 :: i=2 fi;
       if :: j=0 :: j=1 :: j=2 fi;
       if
       /* client write: append, ship and fsync go in parallel */
       :: i==j && up[i] && prim[i] && ln[i]<MAXSEQ -> d_step { LOG(i,ln[i])=ep[i]; ln[i]++ }
       /* local fsync */
       :: i==j && up[i] && dlen[i]<ln[i] -> dlen[i]=ln[i]
       /* commit + acknowledge: every member of must[] holds it durably */
       :: i==j && up[i] && prim[i] && hw[i]<ln[i] && hw[i]<dlen[i] && SIZE(must[i])>=MINISR && (!HAS(must[i],(i+1)%N) || ACK(i,(i+1)%N)>hw[i]) && (!HAS(must[i],(i+2)%N) || ACK(i,(i+2)%N)>hw[i]) -> d_step { t=hw[i]; hw[i]=t+1;
              assert(com[t]==0 || com[t]==LOG(i,t));                    /* agreement */
              if :: t>=ncom -> com[t]=LOG(i,t); ncom=t+1;
                    assert(owner[ep[i]]==0 || owner[ep[i]]==i+1); owner[ep[i]]=i+1  /* one acknowledging primary per epoch */
                 :: else -> skip fi;
              lossless(E_prim); t=0 }
       /* linearizable read by lease */
       :: i==j && up[i] && prim[i] && (!HAS(must[i],(i+1)%N) || LV(i,(i+1)%N)) && (!HAS(must[i],(i+2)%N) || LV(i,(i+2)%N)) && READY(i) -> assert(hw[i]>=ncom)
       /* step down on seeing a higher epoch in etcd */
       :: i==j && up[i] && prim[i] && E_epoch>ep[i] -> d_step { demote(i) }
       /* crash: the un-fsynced tail is lost; the promise outlives the crash (a restarted node waits it out) */
       :: i==j && up[i] && crashes<MAXCRASH -> d_step { crashes++; up[i]=0; demote(i); cut(i,dlen[i]); matched[i]=0; hw[i]=0;
#ifdef BUG_PROMISE
            prom[i]=0;
#endif
            if :: pendRes[i]>1 -> pend[i]=0; pendEp[i]=0; pendRes[i]=0 :: else -> skip fi }
       /* total disk loss of a stopped node */
       :: i==j && !up[i] && wipes<MAXWIPE -> d_step { wipes++;
#ifndef BUG_WIPE
            wiped[i]=1;
#endif
            cut(i,0); ep[i]=0 }
       :: i==j && !up[i] -> up[i]=1
       /* election: member of the recorded ISR, promise lapsed; one compare-and-set moves epoch, primary, ISR */
       :: i==j && up[i] && !prim[i] && E_epoch<MAXEPOCH && prom[i]==0 && !wiped[i] && pendRes[i]==0 && ELIGIBLE(i) -> d_step { E_epoch++;
              if :: E_prim!=i && HAS(E_isr,E_prim) && SIZE(E_isr)>MINISR -> E_isr=E_isr & ~BIT(E_prim) :: else -> skip fi;
              E_isr=E_isr | BIT(i); E_prim=i; ep[i]=E_epoch; demote(i); prim[i]=1; must[i]=E_isr; isr[i]=E_isr; start[i]=ln[i]; matched[i]=0; hw[i]=0;
              lossless(i) }
       /* handshake: follower j adopts the epoch of primary i and truncates to the last entry they share */
       :: i!=j && up[i] && up[j] && prim[i] && ep[j]<=ep[i] && !(ep[j]==ep[i] && matched[j]) && !(wiped[j] && (HAS(must[i],j) || HAS(E_isr,j) || HAS(pend[0]|pend[1]|pend[2],j))) -> d_step { if :: ep[j]<ep[i] -> demote(j); prom[j]=0; ep[j]=ep[i] :: else -> skip fi; wiped[j]=0;
#ifdef BUG_HWTRUNC
              t=hw[j];
#else
              t=0; do :: t<ln[j] && t<ln[i] && LOG(j,t)==LOG(i,t) -> t++ :: else -> break od;
              assert(t>=hw[j]);                                         /* never truncates below the known high watermark */
#endif
              cut(j,t); matched[j]=1; ACK(i,j)=0; t=0 }
       /* append one entry */
       :: i!=j && up[i] && up[j] && prim[i] && matched[j] && ep[j]==ep[i] && ln[j]<ln[i] -> d_step { LOG(j,ln[j])=LOG(i,ln[j]); ln[j]++ }
       /* acknowledge what is durable */
       :: i!=j && up[i] && up[j] && prim[i] && matched[j] && ep[j]==ep[i] && ACK(i,j)<HELD(j) -> ACK(i,j)=HELD(j)
       /* follower learns the high watermark */
       :: i!=j && up[i] && up[j] && prim[i] && matched[j] && ep[j]==ep[i] && hw[j]<hw[i] && hw[j]<ln[j] -> hw[j]=hw[j]+1
       /* beacon: lease for a promise */
       :: i!=j && up[i] && up[j] && prim[i] && ep[j]==ep[i] && !prim[j] && !LV(i,j) -> d_step { prom[j]=i+1; LV(i,j)=1 }
       :: i!=j && LV(i,j) -> LV(i,j)=0
       :: i!=j && prom[j]==i+1 && !LV(i,j) -> prom[j]=0
       /* ISR expand, first half: a learner joins the must-acknowledge set before anything is written to etcd */
#ifndef BUG_EXPAND
       :: i!=j && up[i] && prim[i] && pendRes[i]==0 && !HAS(must[i],j) && matched[j] && ep[j]==ep[i] && up[j] && cas<MAXCAS -> must[i]=must[i]|BIT(j)
       :: i!=j && up[i] && prim[i] && pendRes[i]==0 && HAS(must[i],j) && !HAS(isr[i],j) -> must[i]=must[i]&~BIT(j)
       /* second half */
       :: i!=j && up[i] && prim[i] && pendRes[i]==0 && HAS(must[i],j) && !HAS(isr[i],j) && CAUGHTUP(i,j) && cas<MAXCAS -> d_step { cas++; pend[i]=isr[i]|BIT(j); pendEp[i]=ep[i]; pendRes[i]=1 }
       /* replace a dead member when the ISR is at its minimum */
       :: i!=j && up[i] && prim[i] && pendRes[i]==0 && HAS(must[i],j) && !HAS(isr[i],j) && CAUGHTUP(i,j) && SIZE(isr[i])==MINISR && MINISR==2 && cas<MAXCAS -> d_step { cas++; pend[i]=BIT(i)|BIT(j); pendEp[i]=ep[i]; pendRes[i]=1 }
#else
       :: i!=j && up[i] && prim[i] && pendRes[i]==0 && !HAS(isr[i],j) && matched[j] && ep[j]==ep[i] && CAUGHTUP(i,j) && cas<MAXCAS -> d_step { cas++; pend[i]=isr[i]|BIT(j); pendEp[i]=ep[i]; pendRes[i]=1 }
#endif
       /* ISR shrink: never below the minimum; must[] stays wide until etcd has answered */
       :: i!=j && up[i] && prim[i] && pendRes[i]==0 && HAS(isr[i],j) && SIZE(isr[i])>MINISR && cas<MAXCAS -> d_step { cas++; pend[i]=isr[i]&~BIT(j); pendEp[i]=ep[i]; pendRes[i]=1;
#ifdef BUG_SHRINK
              must[i]=pend[i];
#endif
              skip }
       /* etcd applies or refuses the compare-and-set (the sender may be dead by then) */
       :: i==j && pendRes[i]==1 -> d_step { if :: E_epoch==pendEp[i] && E_prim==i -> E_isr=pend[i]; pendRes[i]=2 :: else -> pendRes[i]=3 fi;
            if :: !up[i] || !prim[i] || ep[i]!=pendEp[i] -> pend[i]=0; pendEp[i]=0; pendRes[i]=0 :: else -> skip fi }
       /* the answer arrives */
       :: i==j && pendRes[i]>1 -> d_step { if :: up[i] && prim[i] && ep[i]==pendEp[i] && pendRes[i]==2 -> isr[i]=pend[i]; must[i]=pend[i] :: else -> skip fi; pend[i]=0; pendEp[i]=0; pendRes[i]=0 }
       fi; i=0; j=0 }
  od
}
